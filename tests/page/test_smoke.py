import time
from tests.page.conftest import paper_on_a_table, PHONE, DESKTOP
def test_smoke(commune, site, visit, tmp_path):
    def timed(label, f):
        t=time.time(); r=f(); print(label, round(time.time()-t,2)); print("   ", r); return r
    for n,p in commune.papers.items():
        timed(n, lambda: commune.desk.check_pdf(p.file))
    print(p.code, commune.store.lookups.check_code(p.code))
    photo=paper_on_a_table(commune.papers["active"], tmp_path/"a.jpg")
    import shutil; shutil.copy(photo, "/tmp/photo.jpg")
    timed("photo", lambda: commune.desk.check_picture(photo))
    timed("photo", lambda: commune.desk.check_picture(paper_on_a_table(commune.papers["plain"], tmp_path/"b.jpg")))
    timed("photo", lambda: commune.desk.check_picture(paper_on_a_table(commune.papers["address"], tmp_path/"c.jpg")))
    timed("seal", lambda: commune.desk.status(commune.papers["revoked"].seal))
    for name in ("active","revoked","superseded","expired","erased"):
        timed(name, lambda: commune.desk.status(commune.store.lookups.check_code(commune.papers[name].code)))
    timed("code", lambda: commune.desk.status(commune.papers["active"].code))
    timed("none", lambda: commune.desk.status("ABC"))
    for w,size in (("phone",PHONE),("desktop",DESKTOP)):
        page=visit("/v", viewport=size); page.screenshot(path=f"/tmp/start-{w}.png", full_page=True)
        for name in ("active","revoked"):
            page=visit("/v/"+commune.store.lookups.check_code(commune.papers[name].code), viewport=size); page.screenshot(path=f"/tmp/{name}-{w}.png", full_page=True)
