"""devices understands: bytes on a topic become routing's words, or `Undecodable`.

Pure and stateless: no clock, no memory, no I/O, and no payload of any bytes raises.
"""
