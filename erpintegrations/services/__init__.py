"""Use cases, one a module. Each makes its checks, talks to the ERP outside any transaction, and writes once."""
