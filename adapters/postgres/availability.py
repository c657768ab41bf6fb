"""What there is to sell of a SKU now, for one channel, and what is to come of it.

Reads of one process share statements: what is asked for while a statement runs is answered by the
next one, all at once. So no answer is older than its question, and many callers cost little more
than one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# Of a row `s` of stock at location `l`, for the channel `asks.channel`.
_UNITS = """
greatest(s.on_hand - s.reserved - s.buffer - s.withheld - l.buffer - s.pooled
         + CASE WHEN s.pooled = 0 THEN 0 ELSE coalesce(
               (SELECT p.units FROM pools p WHERE p.sku = s.sku AND p.location_id = s.location_id
                AND p.channel = asks.channel), 0) END, 0)
"""
_ASKED = "unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asks(channel, sku, n)"
_READ = f"""
SELECT asks.n::int, s.location_id, {_UNITS}, NULL::text, NULL::timestamptz, NULL::date, NULL::float8
FROM {_ASKED}
JOIN stock s ON s.sku = asks.sku JOIN locations l ON l.id = s.location_id AND l.active
UNION ALL
SELECT asks.n::int, u.location_id, u.units - u.received - u.claimed, u.id, u.due,
       (u.due AT TIME ZONE l.timezone)::date, u.confidence
FROM {_ASKED}
JOIN supplies u ON u.sku = asks.sku AND NOT u.closed JOIN locations l ON l.id = u.location_id
WHERE u.units > u.received + u.claimed
"""  # noqa: S608 - of constants
