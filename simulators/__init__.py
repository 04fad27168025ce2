"""simulators pretends: a seeded house in real wire formats that tries to break the hub."""
