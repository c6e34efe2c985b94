"""Files of every kind the product reads, turned into drafts of documents."""
