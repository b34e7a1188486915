"""Servers that answer like the providers, for tests and for the demo. They know no client of ours.

Facts carry the tag of their source (docs/connectors.md): D documented, C seen in public clients,
A our assumption. Companies, people, numbers and credentials are invented.
"""
