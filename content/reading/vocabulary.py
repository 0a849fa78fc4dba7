"""The words that tell how a number or a sign beside them is meant: words of time, of calling, of addresses, of law."""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


DAY_NAMED = _words("ngày mùng mồng")
PARTS_OF_DAY = _words("sáng trưa chiều tối đêm")
TIME_WORDS = DAY_NAMED | PARTS_OF_DAY | _words(
    "từ đến hôm qua nay mai trước sau tới khuya rạng hạn cuối chót hết vào giỗ dịp"
)  # fmt: skip
NEAR_NOW = _words("nay mai qua kia")
FEASTS = _words("lễ khánh mừng niệm tết")
MAYBE_FEASTS = _words("nữ đường phố thắng sinh dịp giỗ")
AFTER_DATE = _words("âm dương hằng hàng tới vừa")
COUNTED_NOUNS = _words(
    "số diện thời tổng dân xã bản hộ thôn tiêu chỉ huyện tỉnh trường đại người phiếu ý hồ đơn cơ tổ phường ngành đồng "
    "thành sở phòng dự công trình nhiệm nội mục điểm chiều quãng khối khu xóm đảng chi hội em cháu học giáo lớp"
)
WEEKDAYS = _words("hai ba tư năm sáu bảy")
JOINING = _words(", ; và hoặc đến tới")
DOCUMENTS = _words("định tư quyết thị luật lệnh số văn hoạch báo trình lịch")
SPANS = _words("ngày tháng năm giờ buổi")

CALLING = (
    "gọi", "gọi tới", "gọi đến", "gọi ngay", "gọi điện", "gọi số", "gọi ngay số", "gọi đến số", "gọi tới số",
    "tổng đài", "tổng đài số", "hót lai", "đường dây nóng", "đường dây nóng số", "điện thoại", "số điện thoại",
    "số máy", "máy số", "đầu số", "cấp cứu", "cứu hộ", "cứu nạn", "cứu hỏa", "cứu hoả", "chữa cháy", "cảnh sát",
    "liên hệ", "liên hệ số", "nhắn", "nhắn tin", "nhắn tin đến", "gửi", "trẻ em", "hỗ trợ",
)  # fmt: skip
IDENTIFYING = (
    "tài khoản", "mã", "thuế", "công dân số", "nhân dân số", "căn cước số", "định danh", "số hiệu", "số máy", "seri",
    "điện thoại", "số định danh", "thẻ số", "sổ số",
)  # fmt: skip

FRACTION_OF = _words("số diện thời tổng dân chiều quãng khối chặng lượng kinh đại biên vốn tiền giá đất rừng")
ABOUT = _words("hơn gần khoảng quá chừng")
LISTED = _words("tháng quý ngày điểm khoản điều bản tổ lớp mục thứ khóa")
IN_ADDRESS = _words("số nhà ngõ ngách hẻm kiệt thửa")
COUNTING = _words("tổng trong tỷ tỉ một chỉ đa vài hữu hệ dân ước đạt")
LABELLED = (
    "số", "mẫu", "đề án", "nghị quyết", "nghị định", "quyết định", "chỉ thị", "thông tư", "kết luận", "công văn",
    "phụ lục", "số hiệu", "ký hiệu", "mẫu biểu", "biểu mẫu", "pê a", "pê xê",
)  # fmt: skip
LETTERED_WORDS = _words("khoản điều số mẫu lớp nhà điểm mục biểu lục tổ lô")
PROPORTION = _words("lệ số mức")

ROMAN = _words(
    "chương mục phần lục khóa khoá kỳ kỉ kỷ quý quí cấp loại vùng thứ hạng vực hội bậc tập đợt đoạn lần quyển tuyến "
    "biểu bảng mức"
)
PLAIN_ROMAN = _words("II III IV VII VIII IX XII XIII XIV XV XVI XVII XVIII XIX XX XXI XXII XXIII")
SYMBOL_KINDS = _words("NQ QĐ CT QC QyĐ TB HD CTr KH PA ĐA DA BC BB TTr HĐ CĐ GM NĐ TT TTLT CV KL VBHN L GP")

PER = _words(
    "hộ người tháng năm ngày tuần quý giờ phút giây lần lượt suất học khẩu nhân xã đơn hồ con cây bộ chiếc vụ ca buổi "
    "sào tấn tạ lít trường giấy thửa cuốn trang em cháu bản km m ha kg kwh cm g l lớp sản đầu cán hội cơ bài thôn tổ "
    "đợt chuyến đêm kỳ khóa mẫu kw mét"
)
PLACES = _words("thôn bản phường huyện tổ ấp khu trấn tỉnh phố xóm")
CONNECTING = _words("và của các về cho trên")

RIMES = _words(
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây "
    "e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu "
    "o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong "
    "op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc ui um un ung uơ up ut uy uya uych uyn "
    "uynh uyp uyt uyu uyên uyêt uê uêch uênh uôc uôi uôm uôn uông uôt ư ưa ưc ưi ưm ưn ưng ưt ươc ươi ươm ươn ương "
    "ươp ươt ươu ưu y yêm yên yêng yêt yêu ynh yt"
)
