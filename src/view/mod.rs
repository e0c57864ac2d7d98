//! Any report as terminal text, Markdown, HTML or JSON. Presentation only: nothing is decided here.
