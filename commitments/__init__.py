"""What: vendors, cost codes and types, commitments and their schedules of values. Knows no ERP product.

May import `directory`; `erpintegrations` imports this room, never the other way round.
"""
