"""The store over HTTP, in parts; :mod:`warehouse.api` puts them together."""
