"""Request bodies, one module per object: what may be sent, its limits, and what it means.

Optional fields are `… | None = None`: an explicit null is an absence. Every union is discriminated,
so that one branch answers; `validation` turns the errors into the contract's texts.
"""
