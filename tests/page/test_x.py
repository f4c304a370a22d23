import threading, sys, traceback
def test_x(commune):
    import time
    threading.excepthook = lambda a: traceback.print_exception(a.exc_type, a.exc_value, a.exc_traceback)
    for n,p in commune.papers.items():
        t=time.time(); print(n, commune.desk.check_pdf(p.file).outcome, round(time.time()-t,2))
