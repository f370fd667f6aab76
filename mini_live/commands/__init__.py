"""One module a command: each has ``run(arguments, reporter)`` and is imported only when it is called."""
