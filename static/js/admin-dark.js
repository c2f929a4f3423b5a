/* Django's administration takes its dark colours from an attribute of <html>, which its templates cannot set. */
document.documentElement.dataset.theme = "dark";
