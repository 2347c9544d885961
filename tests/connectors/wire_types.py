"""The types of SQL Server's columns that pysqlbridge does not have, as [MS-TDS] 2.2.5.4 writes them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from pysqlbridge.tds.result import ColumnType


@dataclass(frozen=True)
class DecimalNumber(ColumnType):
    """DECIMALN: a sign, and the digits as one whole number."""

    precision: int = 12
    scale: int = 2

    def type_info(self) -> bytes:
        return bytes([0x6A, 9, self.precision, self.scale])

    def encode(self, value: object) -> bytes:
        if value is None:
            return b"\0"
        digits = int(Decimal(str(value)).scaleb(self.scale))
        return bytes([9, digits >= 0]) + abs(digits).to_bytes(8, "little")


@dataclass(frozen=True)
class Date(ColumnType):
    """DATEN: the days since the first of January of the year 1."""

    def type_info(self) -> bytes:
        return bytes([0x28])

    def encode(self, value: object) -> bytes:
        if value is None:
            return b"\0"
        assert isinstance(value, datetime.date)
        return b"\x03" + (value.toordinal() - 1).to_bytes(3, "little")
