"""Options that say which columns of a table name its images, for all commands that read one."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

PathColumnOption = Annotated[
    str | None, typer.Option(help="The table's column that holds the image's path.")
]
PathTemplateOption = Annotated[
    str | None, typer.Option(help="The path made of columns, as 'images/{image}.jpg'.")
]
UrlColumnOption = Annotated[
    str | None, typer.Option(help="The table's column that holds the image's URL.")
]
IdColumnOption = Annotated[str | None, typer.Option(help="The column that holds the id.")]
LabelColumnOption = Annotated[str | None, typer.Option(help="The column that holds the label.")]
LabelFromOption = Annotated[
    Literal["folder"] | None,
    typer.Option(help="`folder`: the label is the parent folder's name."),
]
