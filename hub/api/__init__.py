"""HTTP and WebSocket: what telephones, pages and scripts ask."""
