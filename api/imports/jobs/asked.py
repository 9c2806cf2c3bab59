"""Asked: what the fields of a form say of a file, as the options of the command line do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from adapters.commands.body_validation import unfit
from adapters.refusals import InvalidBody
from api.imports.files.import_file import Unfit, Wish
from api.imports.files.sheets import Reading
from api.imports.mapping import EXAMPLE, MappingError, SheetMapping

SEVERAL = ("map", "set", "value", "scale", "when")
"""The fields that may be given more than once."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Words = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=2000)]], Field()]


class Asked(BaseModel):
    """What is to be made of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Word = Field(description="what its rows are", examples=["customers"])
    map: Words = Field([], description="`column=field`", examples=[["account=customer_id"]])
    set: Words = Field([], description="`field=value`, the same for every row")
    value: Words = Field([], description="`field:text=meant`, what a text in the file means")
    scale: Words = Field([], description="`field=factor`, as 10000 for files in 万元")
    when: Words = Field([], description="`command:column=value,…`: rows that it follows for")
    key: Word | None = Field(None, description="the column by which a row is imported once")
    mapping: str | None = Field(
        None,
        description=f"all of this as TOML, a text or a file; fields add to it:\n\n{EXAMPLE}",
    )
    dry_run: bool = Field(False, description="check every row, references and rules; keep nothing")
    update: bool = Field(
        False, description="rows that came in before with other values change their records"
    )
    source: Annotated[str, StringConstraints(max_length=100)] = Field(
        "", description="tells files apart whose keys are the same but mean others"
    )
    run: Word | None = Field(
        None, description="of bills: the month of their run, as 2026-03; a row of another is wrong"
    )
    sheet: Word | None = Field(None, description="of an XLSX file; by default the first one seen")
    header_row: int = Field(1, ge=1, le=1000, description="the row that names the columns")
    encoding: Word | None = Field(
        None, description="of a CSV file without byte order mark, as gb18030; by default UTF-8"
    )
    separator: Word | None = Field(
        None, description="of a CSV file, as ; or tab; by default the one that makes columns"
    )

    @classmethod
    def of(cls, fields: Iterable[tuple[str, str]]) -> Asked:
        """Return what the fields of a form say. Raises `InvalidBody`, naming each that is wrong."""
        given: dict[str, str | list[str]] = {}
        for name, text in fields:
            if name in SEVERAL:
                several = given.setdefault(name, [])
                assert isinstance(several, list)
                several.append(text)
            elif name in given:
                raise wrong(name, "is given twice")
            else:
                given[name] = text
        try:
            found = cls.model_validate(given)
        except ValidationError as error:
            raise unfit(error) from error
        try:
            found.wish().check()
        except Unfit as error:
            raise wrong(error.field, str(error)) from error
        except MappingError as error:
            raise wrong("mapping", str(error)) from error
        return found

    def wish(self) -> Wish:
        """Return what is to be made of the file. Raises `MappingError`."""
        mapping = SheetMapping()
        if self.mapping is not None:
            mapping = SheetMapping.parse(self.mapping, "The mapping")
        mapping.add(self.map, self.set, self.value, self.scale, self.when, self.key)
        reading = Reading(self.sheet, self.encoding, self.separator, self.header_row)
        told = (self.dry_run, self.source, self.update, self.run)
        return Wish(self.kind, mapping, reading, *told)


def wrong(field: str, detail: str) -> InvalidBody:
    """Return the refusal of a field of a form."""
    return InvalidBody(f"/{field}: {detail}", [{"pointer": f"/{field}", "detail": detail}])
