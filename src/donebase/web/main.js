document.getElementById("page")?.append("donebase");
