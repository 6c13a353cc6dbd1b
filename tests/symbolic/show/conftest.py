"""A page in a browser, and whatever it complains of or asks for."""

import pytest


@pytest.fixture
def visit(browser, tmp_path):
    """Return a function that opens a plot's page; afterwards no page may have complained or asked for anything."""
    contexts, complaints, asked = [], [], []

    def open_page(plot, name="page.html", page=None, **options):
        file = tmp_path / name
        plot.save(file)
        page = page or new_page(options)
        page.goto(file.as_uri())
        assert asked == [file.as_uri()]
        asked.clear()
        return page

    def new_page(options):
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options))
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints + asked
