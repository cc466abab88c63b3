"""The served API as an OpenAPI document: made of the route table and the bodies' own models."""
