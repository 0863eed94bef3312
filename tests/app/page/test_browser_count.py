"""Repetitions on the Live tab, in a real headless Chromium: counted up, flashed, and spoken only if that is wanted."""

from __future__ import annotations

import pytest

from tests.app.page_visit import says

pytestmark = pytest.mark.browser

# A machine's own voice, and one that sends what it says to a server; what is said is written down.
VOICES = """
window.said = [];
window.voices = [
    { lang: "en-GB", localService: false, name: "far" }, { lang: "en-US", localService: true, name: "near" },
];
window.listeners = [];
window.SpeechSynthesisUtterance = function (text) { this.text = text; };
Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => window.voices, cancel: () => {}, addEventListener: (name, deed) => window.listeners.push(deed),
    speak: ({ text, voice }) => window.said.push([text, voice.name]),
} });
window.flashes = 0;
document.addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
    window.flashes += document.getElementById("stage").classList.contains("counted");
}).observe(document.getElementById("stage"), { attributeFilter: ["class"] }));
"""


def test_a_number_and_a_flash_and_no_word(bare):
    tab, server = bare(VOICES)
    tab.click("#start")
    says(tab, "#action", "Jumping jacks")
    assert tab.locator("#repetitions").is_hidden()
    for number in (1, 2, 3):
        server.count = number
        says(tab, "#repetitions-number", str(number))
    assert tab.locator("#repetitions-word").inner_text().lower() == "jumping jacks"
    assert tab.locator("#now-count").inner_text().endswith("3")
    assert tab.evaluate("window.flashes") >= 1 and tab.evaluate("window.said") == []
    server.count = None  # it goes on for a moment, then it is gone
    tab.wait_for_selector("#repetitions", state="hidden")


def switch(tab):
    tab.locator("label.switch", has_text="Speak counts").click()


def test_it_is_spoken_by_a_voice_of_the_machine(bare):
    tab, server = bare(VOICES)
    tab.click("#start")
    switch(tab)
    tab.wait_for_function("window.said.length === 1")  # at once: one hears that it works
    server.count = 7
    tab.wait_for_function("window.said.length > 1")
    assert tab.evaluate("window.said") == [["Counting", "near"], ["7", "near"]]
    switch(tab)
    server.count = 8
    says(tab, "#repetitions-number", "8")
    assert tab.evaluate("window.said.length") == 2


def test_without_such_a_voice_it_says_so(bare):
    tab, server = bare(VOICES + "window.voices.pop();")
    tab.click("#start")
    switch(tab)
    says(tab, "#speak-note", "no voice of its own")  # before anybody steps back to exercise
    server.count = 7
    says(tab, "#repetitions-number", "7")
    assert tab.evaluate("window.said") == []
    switch(tab)
    assert tab.locator("#speak-note").inner_text() == ""


def test_a_browser_that_finds_its_voices_late(bare):
    tab, _ = bare(VOICES + "window.late = window.voices; window.voices = [];")
    tab.click("#start")
    switch(tab)
    says(tab, "#speak-note", "no voice of its own")
    tab.evaluate("() => { window.voices = window.late; window.listeners.forEach((deed) => deed()); }")
    assert tab.evaluate("window.said") == [["Counting", "near"]]
    assert tab.locator("#speak-note").inner_text() == ""


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_number_stays_on_the_picture(bare, width):
    tab, server = bare(width=width)
    tab.add_style_tag(content="#stage { display: flex; flex-direction: column; }")  # as Gradio has it
    tab.click("#start")
    server.count = 128
    says(tab, "#repetitions-number", "128")
    box, stage, stop = (tab.locator(name).bounding_box() for name in ("#repetitions", "#stage", "#stop"))
    assert box["x"] + box["width"] <= stop["x"] or box["y"] + box["height"] <= stop["y"]
    assert box["x"] >= stage["x"] and box["x"] + box["width"] <= stage["x"] + stage["width"] + 1
    assert box["y"] >= stage["y"] and box["y"] + box["height"] <= stage["y"] + stage["height"]
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
