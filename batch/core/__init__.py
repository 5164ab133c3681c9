"""The rules of the product: pure functions over records, with no files, network or clock."""
