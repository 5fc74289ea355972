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
      many: "غير متصل. {count} تغييرًا محفوظًا هنا وسيُرسل.",
      other: "غير متصل. {count} تغيير محفوظ هنا وسيُرسل.",
    },
  },
  offline_unkept: {
    en: {
      one: "Offline. {count} change waits in this window only: keep it open.",
      other: "Offline. {count} changes wait in this window only: keep it open.",
    },
    ar: {
      zero: "غير متصل.",
      one: "غير متصل. تغيير واحد ينتظر في هذه النافذة فقط: أبقها مفتوحة.",
      two: "غير متصل. تغييران ينتظران في هذه النافذة فقط: أبقها مفتوحة.",
      few: "غير متصل. {count} تغييرات تنتظر في هذه النافذة فقط: أبقها مفتوحة.",
      many: "غير متصل. {count} تغييرًا ينتظر في هذه النافذة فقط: أبقها مفتوحة.",
      other: "غير متصل. {count} تغيير ينتظر في هذه النافذة فقط: أبقها مفتوحة.",
    },
  },
  offline_since: { en: "Since: {when}.", ar: "منذ: {when}." },
  sending: {
    en: { one: "Sending {count} change …", other: "Sending {count} changes …" },
    ar: {
      zero: "لا شيء للإرسال",
      one: "جارٍ إرسال تغيير واحد …",
      two: "جارٍ إرسال تغييرين …",
      few: "جارٍ إرسال {count} تغييرات …",
      many: "جارٍ إرسال {count} تغييرًا …",
      other: "جارٍ إرسال {count} تغيير …",
    },
  },
  try_now: { en: "Try now", ar: "المحاولة الآن" },
  unsent: { en: "Unsent changes", ar: "تغييرات لم تُرسل" },
  all_sent: { en: "Everything was sent.", ar: "أُرسل كل شيء." },
  discard_sure: { en: "Discard for good", ar: "تجاهل نهائيًا" },
  undecided: {
    en: {
      one: "{count} change conflicts with one that somebody else has made.",
      other: "{count} changes conflict with what somebody else has changed.",
    },
    ar: {
      zero: "لا توجد تعديلات متعارضة.",
      one: "تعديل واحد يتعارض مع تعديل شخص آخر.",
      two: "تعديلان يتعارضان مع تعديلات شخص آخر.",
      few: "{count} تعديلات تتعارض مع تعديلات شخص آخر.",
      many: "{count} تعديلًا يتعارض مع تعديلات شخص آخر.",
      other: "{count} تعديل يتعارض مع تعديلات شخص آخر.",
    },
  },
  keeps_none: {
    en: "This browser keeps nothing for this page: what was not sent is lost when this window is closed.",
    ar: "لا يحفظ هذا المتصفح شيئًا لهذه الصفحة: ما لم يُرسل يُفقد عند إغلاق هذه النافذة.",
  },
  keeps_full: {
    en: "The storage of this browser is full: what was not sent is lost when this window is closed.",
    ar: "مساحة التخزين في هذا المتصفح ممتلئة: ما لم يُرسل يُفقد عند إغلاق هذه النافذة.",
  },

  // conflict.js
  conflict: { en: "Changed elsewhere as well", ar: "عُدّلت في مكان آخر أيضًا" },
  conflict_what: {
    en: "You and somebody else have changed the same thing. Which one should stay?",
    ar: "عدّلت أنت وشخص آخر الشيء نفسه. أيهما يبقى؟",
  },
  conflict_removed: {
    en: "You deleted this task, but somebody else had changed it before. Delete it all the same?",
    ar: "حذفت هذه المهمة، لكن شخصًا آخر كان قد عدّلها قبل ذلك. هل تُحذف رغم ذلك؟",
  },
  conflict_gone: {
    en: "Somebody else has deleted this task. What you have written is still here.",
    ar: "حذف شخص آخر هذه المهمة. ما كتبته ما زال محفوظًا هنا.",
  },
  conflict_mine: { en: "Yours", ar: "تعديلك" },
  conflict_theirs: { en: "Theirs, as it is now", ar: "تعديلهم كما هو الآن" },
  conflict_seen: { en: "As you have seen it", ar: "كما رأيتها" },
  conflict_keep_mine: { en: "Keep mine", ar: "الإبقاء على تعديلي" },
  conflict_keep_theirs: { en: "Keep theirs", ar: "الإبقاء على تعديلهم" },
  conflict_edit: { en: "Write something else", ar: "كتابة شيء آخر" },
  conflict_save: { en: "Save this", ar: "حفظ هذا" },
  conflict_keep_task: { en: "Keep the task", ar: "الإبقاء على المهمة" },
  conflict_remove: { en: "Delete it", ar: "حذفها" },
  conflict_bring_back: { en: "Bring it back with my change", ar: "استعادتها مع تعديلي" },
  conflict_let_go: { en: "Let it go", ar: "تركها محذوفة" },

  // composer.js
  new_task: { en: "New task", ar: "مهمة جديدة" },
  add: { en: "Add", ar: "إضافة" },
  new_task_tag: { en: "New tasks get the tag “{tag}”.", ar: "تحصل المهام الجديدة على الوسم «{tag}»." },
  new_task_today: { en: "New tasks are due today.", ar: "تُستحق المهام الجديدة اليوم." },
  new_task_hidden: {
    en: "New tasks are shown here only where they fit.",
    ar: "لا تظهر المهام الجديدة هنا إلا إذا كانت مطابقة.",
  },

  // pasted_lines.js
  pasted_lines: {
    en: { one: "{count} line was pasted.", other: "{count} lines were pasted." },
    ar: {
      zero: "لم تُلصق أي أسطر.",
      one: "لُصق سطر واحد.",
      two: "لُصق سطران.",
      few: "لُصقت {count} أسطر.",
      many: "لُصق {count} سطرًا.",
      other: "لُصق {count} سطر.",
    },
  },
  add_lines: {
    en: { one: "Add {count} task", other: "Add {count} tasks" },
    ar: {
      zero: "لا توجد مهام للإضافة",
      one: "إضافة مهمة واحدة",
      two: "إضافة مهمتين",
      few: "إضافة {count} مهام",
      many: "إضافة {count} مهمة",
      other: "إضافة {count} مهمة",
    },
  },
  add_as_one: { en: "One task, described by the rest", ar: "مهمة واحدة، وبقية الأسطر وصف لها" },
  too_many_lines: {
    en: { one: "At most {count} task at a time.", other: "At most {count} tasks at a time." },
    ar: {
      zero: "لا مهام في المرة الواحدة.",
      one: "مهمة واحدة على الأكثر في المرة.",
      two: "مهمتان على الأكثر في المرة.",
      few: "{count} مهام على الأكثر في المرة.",
      many: "{count} مهمة على الأكثر في المرة.",
      other: "{count} مهمة على الأكثر في المرة.",
    },
  },
  fault_in_line: { en: "Line {line}: {fault}", ar: "السطر {line}: {fault}" },

  // faults.js
  fault_blank: { en: "Please write something that can be seen.", ar: "يرجى كتابة شيء مرئي." },
  fault_too_long: {
    en: { one: "At most {count} character.", other: "At most {count} characters." },
    ar: {
      zero: "لا أحرف.",
      one: "حرف واحد على الأكثر.",
      two: "حرفان على الأكثر.",
      few: "{count} أحرف على الأكثر.",
      many: "{count} حرفًا على الأكثر.",
      other: "{count} حرف على الأكثر.",
    },
  },
  fault_too_many_tags: {
    en: { one: "At most {count} tag.", other: "At most {count} tags." },
    ar: {
      zero: "لا وسوم.",
      one: "وسم واحد على الأكثر.",
      two: "وسمان على الأكثر.",
      few: "{count} وسوم على الأكثر.",
      many: "{count} وسمًا على الأكثر.",
      other: "{count} وسم على الأكثر.",
    },
  },
  fault_repeated_tag: { en: "Each tag can be there once.", ar: "يمكن أن يظهر كل وسم مرة واحدة فقط." },
  fault_date: { en: "Please give a whole date.", ar: "يرجى إدخال تاريخ كامل." },
  fault_no_date: { en: "A time needs a date.", ar: "يحتاج الوقت إلى تاريخ." },
  fault_time_zone: { en: "The service does not know this time zone.", ar: "لا تعرف الخدمة هذه المنطقة الزمنية." },

  // filter_bar.js
  show_all: { en: "All", ar: "الكل" },
  show_open: { en: "Open", ar: "المفتوحة" },
  show_done: { en: "Done", ar: "المنجزة" },
  show_overdue: { en: "Overdue", ar: "المتأخرة" },
  show_today: { en: "Today", ar: "اليوم" },
  filter: { en: "Which tasks are shown", ar: "المهام المعروضة" },
  show: { en: "Show", ar: "عرض" },
  search: { en: "Search", ar: "بحث" },
  tag: { en: "Tag", ar: "الوسم" },
  all_tags: { en: "All tags", ar: "كل الوسوم" },
  tag_and_count: { en: "{tag} ({count})", ar: "{tag} ({count})" },
  remove_tag_filter: {
    en: "Show tasks without this tag as well: {tag}",
    ar: "عرض المهام التي بلا هذا الوسم أيضًا: {tag}",
  },
  sort: { en: "Order", ar: "الترتيب" },
  sort_order: { en: "My order", ar: "ترتيبي" },
  sort_due: { en: "Due first", ar: "الأقرب موعدًا أولًا" },
  sort_priority: { en: "Important first", ar: "الأهم أولًا" },
  sort_title: { en: "By title", ar: "حسب العنوان" },
  sort_created: { en: "Newest first", ar: "الأحدث أولًا" },
  clear_completed: { en: "Delete completed ({count})", ar: "حذف المنجزة ({count})" },
  shown: {
    en: { one: "{count} task is shown.", other: "{count} tasks are shown." },
    ar: {
      zero: "لا تُعرض أي مهمة.",
      one: "تُعرض مهمة واحدة.",
      two: "تُعرض مهمتان.",
      few: "تُعرض {count} مهام.",
      many: "تُعرض {count} مهمة.",
      other: "تُعرض {count} مهمة.",
    },
  },

  // task_list.js, task_row.js, moving.js
  tasks: { en: "Tasks", ar: "المهام" },
  loading: { en: "Loading the tasks …", ar: "جارٍ تحميل المهام …" },
  not_loaded: {
    en: "The tasks were never loaded in this browser, and the service cannot be reached.",
    ar: "لم تُحمَّل المهام في هذا المتصفح من قبل، ويتعذر الوصول إلى الخدمة.",
  },
  no_tasks: { en: "No tasks yet. Write down the first one.", ar: "لا توجد مهام بعد. اكتب أول مهمة." },
  nothing_found: { en: "No task matches.", ar: "لا توجد مهمة مطابقة." },
  show_everything: { en: "Show all tasks", ar: "عرض كل المهام" },
  done_of: { en: "Done: {title}", ar: "أُنجزت: {title}" },
  details: { en: "Details", ar: "التفاصيل" },
  details_of: { en: "Details: {title}", ar: "التفاصيل: {title}" },
  delete_of: { en: "Delete: {title}", ar: "حذف: {title}" },
  delete: { en: "Delete", ar: "حذف" },
  row_due: { en: "Due:", ar: "الموعد:" },
  row_overdue: { en: "Overdue: {when}", ar: "متأخرة: {when}" },
  row_priority: { en: "Priority:", ar: "الأولوية:" },
  row_priority_low: { en: "Low", ar: "منخفضة" },
  row_priority_medium: { en: "Medium", ar: "متوسطة" },
  row_priority_high: { en: "High", ar: "عالية" },
  row_tag: { en: "Filter by the tag {tag}", ar: "التصفية حسب الوسم {tag}" },
  row_unsent: { en: "Not sent yet", ar: "لم تُرسل بعد" },
  row_conflict: { en: "Changed elsewhere as well", ar: "عُدّلت في مكان آخر أيضًا" },
  row_refused: { en: "Refused by the service", ar: "رفضتها الخدمة" },
  row_move: { en: "Drag to move, or press for more", ar: "اسحب للنقل أو اضغط للمزيد" },
  row_move_of: { en: "Move: {title}", ar: "نقل: {title}" },
  row_moved: { en: "{title}, moved to place {place} of {count}", ar: "{title}، نُقلت إلى الموضع {place} من {count}" },
  row_not_movable: {
    en: "Tasks can be moved where they are in the order made by hand.",
    ar: "يمكن نقل المهام عندما تكون بالترتيب اليدوي.",
  },
  move_first: { en: "To the top", ar: "إلى الأعلى" },
  move_up: { en: "Up", ar: "لأعلى" },
  move_down: { en: "Down", ar: "لأسفل" },
  move_last: { en: "To the bottom", ar: "إلى الأسفل" },

  // task_editor.js, its fields, unsaved_notice.js
  edit_of: { en: "Edit: {title}", ar: "تعديل: {title}" },
  edit_title: { en: "Title", ar: "العنوان" },
  edit_description: { en: "Description", ar: "الوصف" },
  edit_due: { en: "Due", ar: "الموعد" },
  edit_date: { en: "Date", ar: "التاريخ" },
  edit_time: { en: "Time", ar: "الوقت" },
  edit_time_zone: { en: "Time zone", ar: "المنطقة الزمنية" },
  edit_anywhere: { en: "Wherever I am", ar: "حيثما أكون" },
  edit_today: { en: "Today", ar: "اليوم" },
  edit_tomorrow: { en: "Tomorrow", ar: "غدًا" },
  edit_in_a_week: { en: "In a week", ar: "بعد أسبوع" },
  edit_no_date: { en: "No date", ar: "بلا موعد" },
  edit_priority: { en: "Priority", ar: "الأولوية" },
  edit_no_priority: { en: "None", ar: "بلا" },
  edit_tags: { en: "Tags", ar: "الوسوم" },
  edit_tags_hint: { en: "Enter or a comma adds a tag.", ar: "يضيف مفتاح الإدخال أو الفاصلة وسمًا." },
  edit_remove_tag: { en: "Remove the tag: {tag}", ar: "إزالة الوسم: {tag}" },
  edit_save: { en: "Save", ar: "حفظ" },
  edit_unsaved: { en: "Not saved yet: {title}", ar: "لم تُحفظ بعد: {title}" },
  edit_not_saved: { en: "Not saved: {title}. {reason}", ar: "لم تُحفظ: {title}. {reason}" },
  edit_again: { en: "Edit again", ar: "التعديل مجددًا" },
  edit_continue: { en: "Continue", ar: "متابعة" },
  edit_discard: { en: "Discard", ar: "تجاهل" },
  edit_gone: {
    en: "“{title}” was deleted while you were editing it. What you have written is kept here.",
    ar: "حُذفت «{title}» أثناء تعديلك لها. ما كتبته محفوظ هنا.",
  },
  edit_refused: { en: "The service did not take this task.", ar: "لم تقبل الخدمة هذه المهمة." },
  edit_as_new: { en: "Keep as a new task", ar: "الاحتفاظ بها كمهمة جديدة" },

  // toasts.js, write_words.js
  written_create: { en: "Added: {title}", ar: "أُضيفت: {title}" },
  written_change: { en: "Changed: {title}", ar: "عُدّلت: {title}" },
  written_done: { en: "Done: {title}", ar: "أُنجزت: {title}" },
  written_open: { en: "Open again: {title}", ar: "أُعيد فتحها: {title}" },
  written_remove: { en: "Deleted: {title}", ar: "حُذفت: {title}" },
  written_move: { en: "Moved: {title}", ar: "نُقلت: {title}" },
  written_clear: {
    en: { one: "{count} completed task was deleted.", other: "{count} completed tasks were deleted." },
    ar: {
      zero: "لم تُحذف أي مهمة منجزة.",
      one: "حُذفت مهمة منجزة واحدة.",
      two: "حُذفت مهمتان منجزتان.",
      few: "حُذفت {count} مهام منجزة.",
      many: "حُذفت {count} مهمة منجزة.",
      other: "حُذفت {count} مهمة منجزة.",
    },
  },
  undone: { en: "Undone – {what}", ar: "تم التراجع – {what}" },
  redone: { en: "Done again – {what}", ar: "تمت الإعادة – {what}" },
  put_back: { en: "Put back as it was: {title}", ar: "أُعيدت كما كانت: {title}" },
  put_back_several: {
    en: { one: "{count} task was put back as it was.", other: "{count} tasks were put back as they were." },
    ar: {
      zero: "لم تتغير أي مهمة.",
      one: "أُعيدت مهمة واحدة كما كانت.",
      two: "أُعيدت مهمتان كما كانتا.",
      few: "أُعيدت {count} مهام كما كانت.",
      many: "أُعيدت {count} مهمة كما كانت.",
      other: "أُعيدت {count} مهمة كما كانت.",
    },
  },
  restored: { en: "Restored: {title}", ar: "استُعيدت: {title}" },
  restored_several: {
    en: { one: "{count} task was restored.", other: "{count} tasks were restored." },
    ar: {
      zero: "لم تُستعد أي مهمة.",
      one: "استُعيدت مهمة واحدة.",
      two: "استُعيدت مهمتان.",
      few: "استُعيدت {count} مهام.",
      many: "استُعيدت {count} مهمة.",
      other: "استُعيدت {count} مهمة.",
    },
  },
  several_tasks: { en: "several tasks", ar: "عدة مهام" },
  conflict_of: { en: "Changed elsewhere as well: {what}", ar: "عُدّلت في مكان آخر أيضًا: {what}" },
  refused: { en: "Not saved: {what}. {reason}", ar: "لم تُحفظ: {what}. {reason}" },
  undo_refused: { en: "This cannot be undone: {what}. {reason}", ar: "لا يمكن التراجع عن هذا: {what}. {reason}" },
  undo_conflict: {
    en: "This cannot be undone: {what}. It has changed again since: {members}.",
    ar: "لا يمكن التراجع عن هذا: {what}. تغيّر بعد ذلك: {members}.",
  },
  undo_conflict_gone: {
    en: "This cannot be undone: {what}. It has been deleted or restored since.",
    ar: "لا يمكن التراجع عن هذا: {what}. حُذفت أو استُعيدت بعد ذلك.",
  },
  undo_too_old: {
    en: "This cannot be undone: {what}. It is too long ago.",
    ar: "لا يمكن التراجع عن هذا: {what}. مضى عليه وقت طويل.",
  },
  undo: { en: "Undo", ar: "تراجع" },
  redo: { en: "Redo", ar: "إعادة" },
  nothing_to_undo: { en: "There is nothing to undo.", ar: "لا يوجد ما يمكن التراجع عنه." },
  nothing_to_redo: { en: "There is nothing to redo.", ar: "لا يوجد ما يمكن إعادته." },
  given_up: { en: "What was not saved is discarded.", ar: "تم التخلي عما لم يُحفظ." },
  decide: { en: "Decide", ar: "اختيار" },
  messages: { en: "Messages", ar: "الرسائل" },
  dismiss: { en: "Dismiss", ar: "إخفاء" },

  // member_words.js
  member_title: { en: "Title", ar: "العنوان" },
  member_description: { en: "Description", ar: "الوصف" },
  member_completed: { en: "State", ar: "الحالة" },
  member_due: { en: "Due", ar: "الموعد" },
  member_priority: { en: "Priority", ar: "الأولوية" },
  member_tags: { en: "Tags", ar: "الوسوم" },
  member_order: { en: "Place in the list", ar: "الموضع في القائمة" },
  member_none: { en: "none", ar: "لا شيء" },
  completed_yes: { en: "done", ar: "منجزة" },
  completed_no: { en: "open", ar: "مفتوحة" },

  // history.js
  history: { en: "History", ar: "السجل" },
  history_of: { en: "History: {title}", ar: "السجل: {title}" },
  history_older: { en: "Older changes", ar: "تعديلات أقدم" },
  history_none_yet: {
    en: "The service does not have this task yet: it has no history.",
    ar: "لم تصل هذه المهمة إلى الخدمة بعد، فلا سجل لها.",
  },
  history_offline: {
    en: "The service cannot be reached, and the history is there.",
    ar: "يتعذر الوصول إلى الخدمة، والسجل محفوظ لديها.",
  },
  try_again: { en: "Try again", ar: "إعادة المحاولة" },
  action_created: { en: "Added", ar: "أُضيفت" },
  action_changed: { en: "Changed", ar: "عُدّلت" },
  action_deleted: { en: "Deleted", ar: "حُذفت" },
  action_when: { en: "{action}: {when}", ar: "{action}: {when}" },
  before: { en: "before:", ar: "قبل:" },
  after: { en: "after:", ar: "بعد:" },
  undo_of: { en: "Undo: {what}", ar: "تراجع: {what}" },
  undo_several_what: {
    en: {
      one: "This change affected {count} task.",
      other: "This change affected {count} tasks. All of it is undone.",
    },
    ar: {
      zero: "لم يشمل هذا التعديل أي مهمة.",
      one: "شمل هذا التعديل مهمة واحدة.",
      two: "شمل هذا التعديل مهمتين. سيُتراجع عنه كله.",
      few: "شمل هذا التعديل {count} مهام. سيُتراجع عنه كله.",
      many: "شمل هذا التعديل {count} مهمة. سيُتراجع عنه كله.",
      other: "شمل هذا التعديل {count} مهمة. سيُتراجع عنه كله.",
    },
  },
  undo_several: {
    en: { one: "Undo in {count} task", other: "Undo in {count} tasks" },
    ar: {
      zero: "تراجع",
      one: "تراجع في مهمة واحدة",
      two: "تراجع في مهمتين",
      few: "تراجع في {count} مهام",
      many: "تراجع في {count} مهمة",
      other: "تراجع في {count} مهمة",
    },
  },

  // trash.js
  trash: { en: "Trash", ar: "المهملات" },
  trash_what: {
    en: "Deleted tasks stay here for as long as the service keeps its history: 30 days, unless it was set up differently.",
    ar: "تبقى المهام المحذوفة هنا ما دامت الخدمة تحتفظ بسجلها: 30 يومًا، ما لم تُضبط على غير ذلك.",
  },
  trash_empty: { en: "The trash is empty.", ar: "المهملات فارغة." },
  trash_older: { en: "Deleted before", ar: "المحذوفة قبل ذلك" },
  deleted_together: {
    en: { one: "{count} task was deleted", other: "{count} tasks were deleted together" },
    ar: {
      zero: "لم تُحذف أي مهمة",
      one: "حُذفت مهمة واحدة",
      two: "حُذفت مهمتان معًا",
      few: "حُذفت {count} مهام معًا",
      many: "حُذفت {count} مهمة معًا",
      other: "حُذفت {count} مهمة معًا",
    },
  },
  and_more: {
    en: { one: "and {count} more", other: "and {count} more" },
    ar: {
      zero: "ولا شيء آخر",
      one: "وواحدة أخرى",
      two: "واثنتان أخريان",
      few: "و{count} أخرى",
      many: "و{count} أخرى",
      other: "و{count} أخرى",
    },
  },
  restore: { en: "Restore", ar: "استعادة" },
  restore_of: { en: "Restore: {title}", ar: "استعادة: {title}" },
  restore_several: {
    en: { one: "Restore {count} task", other: "Restore all {count}" },
    ar: {
      zero: "لا شيء للاستعادة",
      one: "استعادة مهمة واحدة",
      two: "استعادة المهمتين",
      few: "استعادة المهام الـ{count}",
      many: "استعادة المهام الـ{count}",
      other: "استعادة المهام الـ{count}",
    },
  },

  // menu.js
  menu: { en: "Menu", ar: "القائمة" },
  api_documentation: { en: "Documentation of the API", ar: "توثيق واجهة البرمجة" },

  // shortcuts.js
  shortcuts: { en: "Keyboard", ar: "لوحة المفاتيح" },
  shortcut_new: { en: "Write a new task", ar: "كتابة مهمة جديدة" },
  shortcut_search: { en: "Search", ar: "البحث" },
  shortcut_undo: { en: "Undo", ar: "التراجع" },
  shortcut_redo: { en: "Redo", ar: "الإعادة" },
  shortcut_toasts: { en: "To the last message, and back", ar: "إلى آخر رسالة والعودة" },
  shortcut_rows: { en: "The task above or below", ar: "المهمة السابقة أو التالية" },
  shortcut_ends: { en: "The first or the last task", ar: "المهمة الأولى أو الأخيرة" },
  shortcut_controls: { en: "Through the controls of a task", ar: "التنقل بين عناصر المهمة" },
  shortcut_tick: { en: "Tick the task", ar: "تعليم المهمة كمنجزة" },
  shortcut_edit: { en: "Edit the task", ar: "تعديل المهمة" },
  shortcut_cancel: { en: "Leave it as it was", ar: "تركها كما كانت" },
  shortcut_delete: { en: "Delete the task", ar: "حذف المهمة" },
  shortcut_move: { en: "Move the task up or down", ar: "نقل المهمة إلى أعلى أو أسفل" },
  shortcut_help: { en: "Show this list", ar: "عرض هذه القائمة" },
  shortcuts_single: { en: "Keys without Ctrl work too (N, /, ?)", ar: "تعمل أيضًا المفاتيح المفردة (N و/ و؟)" },
  key_space: { en: "Space", ar: "المسافة" },

  // dialog.js, language_choice.js
  close: { en: "Close", ar: "إغلاق" },
  language: { en: "Language", ar: "اللغة" },

  // form.js
  one_moment: { en: "One moment …", ar: "لحظة من فضلك …" },
  show_password: { en: "Show", ar: "إظهار" },
  show_of: { en: "Show: {field}", ar: "إظهار: {field}" },
  field_required: { en: "Please fill this in.", ar: "يرجى ملء هذا الحقل." },
  field_too_long: { en: "This is too long.", ar: "هذا النص طويل جدًا." },
  field_not_text: { en: "This has a character that cannot be stored.", ar: "يحتوي النص على حرف لا يمكن حفظه." },
  not_an_address: { en: "This is not an e-mail address.", ar: "هذا ليس عنوان بريد إلكتروني." },
  password_too_short: { en: "A password has at least 8 characters.", ar: "تتكون كلمة المرور من 8 أحرف على الأقل." },
  password_too_common: {
    en: "This is one of the most common passwords. Please choose another.",
    ar: "هذه من أكثر كلمات المرور شيوعًا. يرجى اختيار غيرها.",
  },
  too_many_attempts: {
    en: "Too many attempts have failed. You can try again from: {when}.",
    ar: "فشلت محاولات كثيرة. يمكنك المحاولة مجددًا ابتداءً من: {when}.",
  },
  service_busy: {
    en: "The service cannot answer now. Please try again from: {when}.",
    ar: "لا تستطيع الخدمة الإجابة الآن. يرجى المحاولة مجددًا ابتداءً من: {when}.",
  },
  service_fails: {
    en: "The service cannot answer now. Please try again.",
    ar: "لا تستطيع الخدمة الإجابة الآن. يرجى المحاولة مجددًا.",
  },
  service_away: {
    en: "The service cannot be reached. Are you offline? Please try again.",
    ar: "يتعذر الوصول إلى الخدمة. هل أنت غير متصل بالشبكة؟ يرجى المحاولة مجددًا.",
  },
  unknown_fault: { en: "Something went wrong. Please load the page again.", ar: "حدث خطأ. يرجى إعادة تحميل الصفحة." },

  // sign_in.js
  sign_in: { en: "Sign in", ar: "تسجيل الدخول" },
  sign_up: { en: "Create an account", ar: "إنشاء حساب" },
  email: { en: "E-mail address", ar: "البريد الإلكتروني" },
  password: { en: "Password", ar: "كلمة المرور" },
  password_hint: {
    en: "At least 8 characters. It cannot be reset: please keep it safe.",
    ar: "8 أحرف على الأقل. لا يمكن استعادتها: يرجى حفظها في مكان آمن.",
  },
  your_name: { en: "Your name", ar: "اسمك" },
  optional: { en: "You can leave this out.", ar: "يمكنك ترك هذا الحقل فارغًا." },
  have_account: { en: "You have an account?", ar: "لديك حساب؟" },
  have_no_account: { en: "No account yet?", ar: "ليس لديك حساب بعد؟" },
  sign_up_closed: { en: "Nobody can create an account here at present.", ar: "لا يمكن لأحد إنشاء حساب هنا حاليًا." },
  sign_in_failed: {
    en: "No account has this e-mail address and this password.",
    ar: "لا يوجد حساب بهذا البريد الإلكتروني وكلمة المرور هذه.",
  },
  email_taken: {
    en: "There is an account with this e-mail address already.",
    ar: "يوجد حساب بهذا البريد الإلكتروني بالفعل.",
  },
  session_ended: { en: "Sign in again", ar: "سجّل الدخول مجددًا" },
  session_ended_why: {
    en: "Your session has ended. What you have written is kept here, and is sent when you have signed in.",
    ar: "انتهت جلستك. ما كتبته محفوظ هنا، وسيُرسل بعد تسجيل الدخول.",
  },
  forget_account: { en: "Remove this account from this browser", ar: "إزالة هذا الحساب من هذا المتصفح" },
  forget_account_what: {
    en: "The copy of the tasks goes from this browser. The account and its tasks stay with the service.",
    ar: "ستُحذف نسخة المهام من هذا المتصفح. يبقى الحساب ومهامه لدى الخدمة.",
  },
  forget_unsent: {
    en: {
      one: "{count} change was not sent yet. It will be lost.",
      other: "{count} changes were not sent yet. They will be lost.",
    },
    ar: {
      zero: "لا توجد تغييرات غير مرسلة.",
      one: "لم يُرسل تغيير واحد بعد، وسيُفقد.",
      two: "لم يُرسل تغييران بعد، وسيُفقدان.",
      few: "لم تُرسل {count} تغييرات بعد، وستُفقد.",
      many: "لم يُرسل {count} تغييرًا بعد، وسيُفقد.",
      other: "لم يُرسل {count} تغيير بعد، وسيُفقد.",
    },
  },

  // user_chooser.js
  user_number: { en: "User number", ar: "رقم المستخدم" },
  user_hint: {
    en: "Whose tasks to show. Any number will do; it then stands in the address of the page.",
    ar: "صاحب المهام المراد عرضها. أي رقم مناسب، وسيظهر في عنوان الصفحة.",
  },
  show_tasks: { en: "Show the tasks", ar: "عرض المهام" },
  no_user_number: { en: "This is not a whole number from 1 to {limit}.", ar: "هذا ليس عددًا صحيحًا من 1 إلى {limit}." },
  nobody_is_asked: {
    en: "Nobody is asked for a password here: whoever can open this page sees and changes the tasks of every user.",
    ar: "لا تُطلب كلمة مرور هنا: كل من يستطيع فتح هذه الصفحة يرى مهام جميع المستخدمين ويغيّرها.",
  },

  // account.js
  account: { en: "Account", ar: "الحساب" },
  user_of_number: { en: "User {number}", ar: "المستخدم {number}" },
  switch_user: { en: "Switch user", ar: "تبديل المستخدم" },
  account_settings: { en: "Name and password", ar: "الاسم وكلمة المرور" },
  tokens: { en: "Tokens for scripts", ar: "رموز الوصول للبرامج" },
  sign_out: { en: "Sign out", ar: "تسجيل الخروج" },
  sign_out_unsent: {
    en: {
      one: "{count} change was not sent yet. If you sign out now, it is lost.",
      other: "{count} changes were not sent yet. If you sign out now, they are lost.",
    },
    ar: {
      zero: "لا توجد تغييرات غير مرسلة.",
      one: "لم يُرسل تغيير واحد بعد. إذا سجّلت الخروج الآن فسيُفقد.",
      two: "لم يُرسل تغييران بعد. إذا سجّلت الخروج الآن فسيُفقدان.",
      few: "لم تُرسل {count} تغييرات بعد. إذا سجّلت الخروج الآن فستُفقد.",
      many: "لم يُرسل {count} تغييرًا بعد. إذا سجّلت الخروج الآن فسيُفقد.",
      other: "لم يُرسل {count} تغيير بعد. إذا سجّلت الخروج الآن فسيُفقد.",
    },
  },
  sign_out_anyway: { en: "Sign out and lose them", ar: "تسجيل الخروج وفقدانها" },
  stay_signed_in: { en: "Stay signed in", ar: "البقاء مسجَّلًا" },

  // account_settings.js
  change_name: { en: "Change the name", ar: "تغيير الاسم" },
  name_changed: { en: "The name was changed.", ar: "تم تغيير الاسم." },
  change_password: { en: "Change the password", ar: "تغيير كلمة المرور" },
  current_password: { en: "Present password", ar: "كلمة المرور الحالية" },
  new_password: { en: "New password", ar: "كلمة المرور الجديدة" },
  new_password_hint: {
    en: "At least 8 characters. You are then signed out everywhere else; tokens for scripts stay good.",
    ar: "8 أحرف على الأقل. سيُسجَّل خروجك من كل مكان آخر، وتبقى رموز الوصول للبرامج صالحة.",
  },
  password_changed: { en: "The password was changed.", ar: "تم تغيير كلمة المرور." },
  wrong_password: { en: "This is not your present password.", ar: "هذه ليست كلمة مرورك الحالية." },
  delete_account: { en: "Delete the account", ar: "حذف الحساب" },
  delete_account_what: {
    en: "This deletes the account and everything in it for ever: all tasks, their history, all tokens. It cannot be undone.",
    ar: "سيُحذف الحساب وكل ما فيه نهائيًا: جميع المهام وسجلّها وجميع رموز الوصول. لا يمكن التراجع عن ذلك.",
  },

  // token_list.js
  tokens_what: {
    en: "A token lets a program use your tasks. It cannot change the account. Make one for each program.",
    ar: "يتيح رمز الوصول لبرنامج أن يستخدم مهامك، ولا يمكنه تغيير الحساب. أنشئ رمزًا لكل برنامج.",
  },
  no_tokens: { en: "There are no tokens.", ar: "لا توجد رموز وصول." },
  make_token: { en: "Make a token", ar: "إنشاء رمز وصول" },
  new_token: { en: "The new token", ar: "رمز الوصول الجديد" },
  token_once: {
    en: "This is the new token. It is shown this once: copy it now. Whoever has it can use your tasks.",
    ar: "هذا هو رمز الوصول الجديد. لن يظهر مرة أخرى: انسخه الآن. كل من يملكه يستطيع استخدام مهامك.",
  },
  copy: { en: "Copy", ar: "نسخ" },
  copied: { en: "Copied", ar: "تم النسخ" },
  token_name: { en: "Name", ar: "الاسم" },
  token_name_hint: { en: "The program that it is for.", ar: "البرنامج المخصص له." },
  token_scopes: { en: "What it allows", ar: "ما يسمح به" },
  scope_read: { en: "See tasks", ar: "رؤية المهام" },
  scope_write: { en: "Change tasks", ar: "تغيير المهام" },
  token_needs_scope: { en: "Please choose at least one.", ar: "يرجى اختيار واحد على الأقل." },
  token_end: { en: "Last day", ar: "آخر يوم" },
  token_end_hint: { en: "Without one, it is good until you revoke it.", ar: "بدونه يبقى صالحًا حتى تلغيه." },
  token_in_the_past: { en: "This day is over.", ar: "انقضى هذا اليوم." },
  too_many_tokens: { en: "You have 100 tokens. Please revoke one first.", ar: "لديك 100 رمز. يرجى إلغاء أحدها أولًا." },
  token_made: { en: "made: {when}", ar: "أُنشئ: {when}" },
  token_used: { en: "last used: {when}", ar: "آخر استخدام: {when}" },
  token_unused: { en: "never used", ar: "لم يُستخدم قط" },
  token_ends: { en: "expires: {when}", ar: "ينتهي: {when}" },
  token_ended: { en: "has expired: {when}", ar: "انتهى: {when}" },
  token_without_end: { en: "does not expire", ar: "لا ينتهي" },
  revoke: { en: "Revoke", ar: "إلغاء الرمز" },
  revoke_of: { en: "Revoke: {name}", ar: "إلغاء الرمز: {name}" },
  revoke_what: { en: "Programs that use it are then refused.", ar: "ستُرفض بعدها البرامج التي تستخدمه." },
  revoke_now: { en: "Revoke now", ar: "إلغاء الرمز الآن" },
  cancel: { en: "Cancel", ar: "إلغاء الأمر" },
};
