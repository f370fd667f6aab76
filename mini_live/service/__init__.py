"""The avatar as a service: REST, WebSocket and a web page over one worker that owns models and drawing."""
