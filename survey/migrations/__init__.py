"""The history of the tables, expand-only: new tables, new nullable columns, new indexes.

One module per migration, in the order of their names: `ID`, and `statements(engine_type)` that
gives plain SQL. A migration that was released is never edited.
"""
