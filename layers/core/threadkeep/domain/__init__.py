"""The API's nouns and rules as plain values. Pure: no I/O, and the time is always a parameter."""
