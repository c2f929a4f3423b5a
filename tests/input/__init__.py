"""What people and other systems send that is longer, or built worse, than anybody means it."""
