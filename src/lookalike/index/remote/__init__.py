"""Servers that search a space: mirrors of its vectors in PostgreSQL or Milvus."""
