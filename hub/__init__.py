"""hub acts and remembers: MQTT, the engine (only writer), the journal, telephones, API, CLI."""
