"""Actions, recommendations and products on the page and in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personas.persona_set import PersonaSet
from personas.records import Persona
from personas.reporting.actions_view import ActionView, AdviceView, ProductView, view_advice, view_products
from personas.reporting.actions_wording import ActionWords
from personas.reporting.cards import view_quote
from personas.reporting.markdown_text import escape, markdown_list, quote_markdown
from personas.reporting.page import page_environment, trusted
from personas.reporting.report_wording import ReportLanguage
from personas.reporting.source_texts import Sources
from retrieval.documents import Citation

if TYPE_CHECKING:
    from markupsafe import Markup


def render_advice(persona: Persona, *, number: int) -> Markup:
    """What to do about a persona, for its card; empty where there is nothing.

    Args:
        persona: whose card it is.
        number: of the card, from 1; it makes the ids of the claims on the page.
    """
    words = ActionWords(persona.language)
    view = view_advice(persona, words)
    return _nothing() if view.is_empty else _render("actions.html.j2", words, view=view, number=number)


def render_products(persona_set: PersonaSet, sources: Sources) -> Markup:
    """What products are praised and blamed for; empty where no product is named."""
    words = ActionWords(persona_set.language)
    products = view_products(persona_set, words)
    if not products:
        return _nothing()

    def quote_of(citation: Citation) -> object:
        return view_quote(citation, sources)

    return _render("products.html.j2", words, products=products, quote_of=quote_of)


def products_title(language: ReportLanguage) -> str:
    """The name of the section on products."""
    return ActionWords(language)("judged")


def product_quotes(persona_set: PersonaSet) -> list[Citation]:
    """The sentences that the section on products quotes."""
    points = (point for verdict in persona_set.products for point in (*verdict.praised, *verdict.blamed))
    return [citation for point in points for citation in point.citations]


def advice_markdown(persona: Persona) -> list[str]:
    """What to do about a persona, as Markdown."""
    words = ActionWords(persona.language)
    view = view_advice(persona, words)
    parts = [f"### {words('to_try')}", escape(words("to_try_note"))] if view.areas else []
    for area, actions in view.areas:
        parts += [f"**{area}**", "\n".join(_action_markdown(action, words) for action in actions)]
    parts += [escape(view.nothing)] if view.nothing else []
    return [*parts, *_goes_markdown(view, words)]


def _action_markdown(action: ActionView, words: ActionWords) -> str:
    refs = "".join(f" \\[{number}\\]" for number in action.refs)
    joint = "" if words.language == "zh" else " "
    trial = joint.join(escape(line) for line in action.trial)
    return f"- {escape(action.what)}{refs}\n  - {escape(action.why)}\n  - {words('trial')}: {trial}"


def _goes_markdown(view: AdviceView, words: ActionWords) -> list[str]:
    if not view.goes:
        return []
    return [f"### {words('goes_with_them')}", markdown_list([escape(line) for line in view.goes])]


def products_markdown(persona_set: PersonaSet) -> list[str]:
    """What products are praised and blamed for, as Markdown; nothing where no product is named."""
    words = ActionWords(persona_set.language)
    products = view_products(persona_set, words)
    if not products:
        return []
    parts = [f"## {words('judged')}", escape(words("judged_note"))]
    for product in products:
        parts += [f"### {escape(product.name)}", escape(words("sep").join([product.facts, product.told]))]
        parts += [part for part in _sides_markdown(product) if part]
    return parts


def _sides_markdown(product: ProductView) -> list[str]:
    parts = []
    for side, points in product.sides:
        lines = [
            f"- {escape(point.text)}\n" + "\n".join(f"  - {quote_markdown(one)}" for one in point.citations)
            for point in points
        ]
        parts += [f"**{side}**", "\n".join(lines)] if lines else []
    return parts


def _render(template: str, words: ActionWords, **values: object) -> Markup:
    environment = page_environment()
    environment.globals.update(t=words, count=words.count)
    # The macros of quotes and claims are those of the page.
    environment.filters.update(pct=words.percent, num=words.number, known=words.known)
    section: Markup = trusted(environment.get_template(template).render(**values))
    return section


def _nothing() -> Markup:
    empty: Markup = trusted("")
    return empty
