"""Feedback on a city's services as a Pydantic model: ``--schema public_services:CityServices``."""

from typing import Literal

from pydantic import BaseModel, Field


class CityServices(BaseModel):
    """What residents say of the counter, the forms and the website."""

    channel: Literal["counter", "phone", "website"] = Field(
        title="How they came",
        description="Which way did they take to the office?",
        json_schema_extra={
            "choice_cues": {
                "counter": [r"\bat the (?:counter|desk|office)\b", r"\bin person\b"],
                "phone": [r"\b(?:by|on the) phone\b", r"\bi (?:called|rang)\b"],
                "website": [r"\bonline\b", r"\b(?:on|through|via) the website\b"],
            }
        },
    )
    settled: bool = Field(
        title="Settled at the first visit",
        description="Was it done the first time?",
        json_schema_extra={
            "choice_cues": {
                "Yes": [r"\bdone (?:the first time|in one visit)\b"],
                "No": [r"\b(?:had to )?(?:come|came|go|went) back\b", r"\bsecond visit\b"],
            }
        },
    )
    forms: str = Field(
        title="Forms and papers",
        description="What do they say of the forms?",
        json_schema_extra={"word_cues": [r"forms?\b", r"papers?\b", r"documents?\b", r"sign\w*\b"]},
    )
