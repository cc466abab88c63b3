"""What the functions share. Floors from the ground up; an import only ever points down.

domain (pure) < wire, store, providers < execution < services.
"""
