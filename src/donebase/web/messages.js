// All texts of the page, each in every language. `{name}` is the place of a value; where `count` is one, a text can have
// the plural forms of its language: in English { one, other }, in Arabic { zero, one, two, few, many, other }. A view's
// texts stand together below its name.

/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Text */

export const messages = {
  // dates (locale.js)
  day_and_time: { en: "{day}, {time}", ar: "{day}، {time}" },
  time_elsewhere: { en: "{here} ({there})", ar: "{here} ({there})" },
};
