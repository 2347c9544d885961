"""The link to the ERP, and the site around it: settings, addresses, pages, tasks, commands.

Imports `commitments` and `directory`. Inside, each layer knows only those to its right:
doors (web, tasks, management, admin) → services → sync, selectors → enqueue → models → connectors.
"""
