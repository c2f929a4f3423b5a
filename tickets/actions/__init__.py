"""What a person does with tickets, a module a verb. Each checks that it may still be done, stores it and writes it
down; none renders a page.

May import: every room but pages, and the tasks.
"""
