"""The same functions on one machine: an HTTP front, a local Lambda, and the embedded engine behind
an AWS session.
"""
