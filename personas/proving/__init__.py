"""What a persona set rests on, checked part by part: quotes, the claims that sentences name, counts, tables."""

from personas.proving.claims import claim_faults
from personas.proving.quotes import Quoted, quote_faults, quotes_of
from personas.proving.sentences import sentence_faults
from personas.proving.tables import table_faults

__all__ = ["Quoted", "claim_faults", "quote_faults", "quotes_of", "sentence_faults", "table_faults"]
