// All texts of the page, each in every language. `{name}` is the place of a value; where `count` is one, a text can have
// the plural forms of its language: in English { one, other }, in Arabic { zero, one, two, few, many, other }. A view's
// texts stand together below its name.

/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Text */

export const messages = {
  // dates (locale.js)
  day_and_time: { en: "{day}, {time}", ar: "{day}، {time}" },
  time_elsewhere: { en: "{here} ({there})", ar: "{here} ({there})" },

  // app.js
  donebase: { en: "donebase", ar: "donebase" },
  skip: { en: "Skip to the tasks", ar: "انتقل إلى المهام" },

  // app.js

  // connection.js
  connection_loading: { en: "Loading …", ar: "جارٍ التحميل …" },
  connection_live: { en: "Up to date", ar: "محدَّث" },
  connection_offline: { en: "Offline", ar: "غير متصل" },
  "connection_signed-out": { en: "Signed out", ar: "تم تسجيل الخروج" },
  offline: {
    en: {
      one: "Offline. {count} change is kept here and will be sent.",
      other: "Offline. {count} changes are kept here and will be sent.",
    },
    ar: {
      zero: "غير متصل.",
      one: "غير متصل. تغيير واحد محفوظ هنا وسيُرسل.",
      two: "غير متصل. تغييران محفوظان هنا وسيُرسلان.",
      few: "غير متصل. {count} تغييرات محفوظة هنا وستُرسل.",
      many: "غير متصل. {count} تغييرًا محفوظًا هنا وستُرسل.",
      other: "غير متصل. {count} تغيير محفوظ هنا وستُرسل.",
    },
  },

  // composer.js
  new_task: { en: "New task", ar: "مهمة جديدة" },
  add: { en: "Add", ar: "إضافة" },

  // filter_bar.js
  show_all: { en: "All", ar: "الكل" },
  show_open: { en: "Open", ar: "المفتوحة" },
  show_done: { en: "Done", ar: "المنجزة" },
  show_overdue: { en: "Overdue", ar: "المتأخرة" },
  show_today: { en: "Today", ar: "اليوم" },

  // task_list.js, task_row.js
  tasks: { en: "Tasks", ar: "المهام" },
  done_of: { en: "Done: {title}", ar: "أُنجزت: {title}" },
  delete_of: { en: "Delete: {title}", ar: "حذف: {title}" },
  delete: { en: "Delete", ar: "حذف" },

  // toasts.js
  written_create: { en: "Added.", ar: "أُضيفت." },
  written_change: { en: "Changed.", ar: "عُدّلت." },
  written_remove: { en: "Deleted.", ar: "حُذفت." },
  written_move: { en: "Moved.", ar: "نُقلت." },
  written_clear: { en: "Completed tasks deleted.", ar: "حُذفت المهام المنجزة." },
  written_undo: { en: "Undone.", ar: "تم التراجع." },
  undo: { en: "Undo", ar: "تراجع" },
};
