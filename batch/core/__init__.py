"""What the product knows: pure functions over the records, which open nothing and ask no clock."""
