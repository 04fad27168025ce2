"""`bjelle demo`: Solvik simulated, a real broker, real telephones, a page to watch and answer.

Every step goes the real way (simulator, MQTT, engine, WebSocket); nothing on the page is faked.
"""
