"""Response streaming for Python functions: a runtime loop in the place of Lambda's own, which has
none. The standard library is all it uses.
"""
