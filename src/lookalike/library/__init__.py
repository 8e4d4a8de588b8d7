"""The one object a Python user holds, and what joins the folders before it."""
