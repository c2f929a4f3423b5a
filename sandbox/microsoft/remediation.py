"""The shape of Microsoft's instructions: HTML fragments of paragraphs, lists, links and bold words."""


def ordered_steps(title: str, steps: list[str]) -> str:
    """One paragraph naming the goal and one list item a step; each step is already HTML."""
    items = " ".join(f"<li>{step}</li>" for step in steps)
    return f"<p><strong>{title.strip()}</strong></p> <ol> {items} </ol>"


def generated_steps(product: str, place: str, title: str) -> str:
    """Brief instructions for an action of a product that Aozora does not use."""
    return (
        f"<p>This action applies where <strong>{product}</strong> is in use.</p> "
        f"<ol> <li>Sign in to {product} with an administrator account.</li> "
        f"<li>Open <strong>{place}</strong>.</li> "
        f"<li>Find the setting behind <em>{title.strip()}</em>, change it as recommended and save.</li> </ol>"
    )
