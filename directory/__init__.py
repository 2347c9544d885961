"""Who: companies, projects, people, tool levels, the privilege, and the history of what people did.

The lowest room of the house: every other room may import it, it imports none of them.
"""
