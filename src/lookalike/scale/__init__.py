"""Indexing by many: each embeds a slice of a source into a shard, a library merges the shards."""
