"""A program of its own, which `sql_server_sign_in` starts: it signs in once, and says the number of the refusal.

It is told by standard input, because a command line is seen by everybody, and imports nothing of the product.
"""

from __future__ import annotations

import json
import sys

import pymssql

SIGNED_IN, NO_ANSWER = 0, 20002

if __name__ == "__main__":
    number = SIGNED_IN
    try:
        pymssql.connect(**json.load(sys.stdin)).close()
    except pymssql.Error as error:
        first = error.args[0] if error.args else None
        number = first[0] if isinstance(first, tuple) else NO_ANSWER
    sys.stdout.write(f"{number}\n")
