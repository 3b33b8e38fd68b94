"""Every statement, as pure text: one plain function for each, with names quoted and values bound."""
