"""What to do about what was found: actions to try, products to recommend, what products are praised and blamed for.

Only the records stand here: `personas.records` holds them, and what makes them is imported from its own module.
"""

from personas.actions.records import Action, Area, OlderGroup, ProductPoint, ProductVerdict, Recommendation, Trial

__all__ = ["Action", "Area", "OlderGroup", "ProductPoint", "ProductVerdict", "Recommendation", "Trial"]
