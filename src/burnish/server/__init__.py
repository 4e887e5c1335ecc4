"""The page and the HTTP API: `burnish.server.app.create_app` (needs the extra ``serve``)."""
